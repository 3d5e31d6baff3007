"""A RabbitMQ cluster of three nodes on one machine, as production has it on three: to publish takes two of them.

cluster = Cluster.of(folder)
cluster.start()
cluster.urls()             # all nodes' addresses, separated by `;`: what TSUDOI_BROKER takes
cluster.kill(node), cluster.freeze(node), cluster.thaw(node), cluster.take_back(node)
cluster.cut_off(node), cluster.rejoin(node), cluster.restart(node), cluster.move_leader(queue)
"""

from __future__ import annotations

import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import NotReady, StackError
from deploy.stack.ports import free_port
from deploy.stack.rabbit import Rabbit

NODES = ("tsudoi1@localhost", "tsudoi2@localhost", "tsudoi3@localhost")
TICK = 10  # seconds: a node that is silent for about so long counts as gone (RabbitMQ's default is 60)

# Who sees less than half of the nodes stops serving: otherwise both halves of a cut network would go on by themselves.
SETTINGS = f"""
cluster_partition_handling = pause_minority
net_ticktime = {TICK}
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.discovery_retry_limit = 2
cluster_formation.discovery_retry_interval = 200
"""
MEMBERS = "".join(f"cluster_formation.classic_config.nodes.{n} = {name}\n" for n, name in enumerate(NODES, 1))
# one question for all nodes and queues: each start of the tool costs a second or more
LACKING = """
[{N, apart} || N <- rabbit_mnesia:cluster_nodes(all),
 {[], 3} =/= {rpc:call(N, rabbit_node_monitor, partitions, [], 5000),
              catch length(rpc:call(N, rabbit_mnesia, cluster_nodes, [running], 5000))}] ++
[rabbit_misc:rs(amqqueue:get_name(Q)) || Q <- rabbit_amqqueue:list(), amqqueue:is_quorum(Q),
 case ra:members(amqqueue:get_pid(Q), 5000) of
   {ok, Members, {_, _}} ->
     lists:any(fun({Name, Node}) -> not is_pid(rpc:call(Node, erlang, whereis, [Name], 5000)) end, Members);
   _ -> true
 end].
"""


@dataclass
class Cluster:
    """`nodes` by name. They share one port mapper, which outlives them all."""

    nodes: dict[str, Rabbit]

    @classmethod
    def of(cls, folder: Path) -> Cluster:
        """A new one in this folder, on free ports, not started yet."""
        password, cookie, mapper = secrets.token_hex(16), secrets.token_hex(20), free_port()
        nodes = {
            name: Rabbit(
                folder / name.partition("@")[0],
                port=free_port(),
                epmd_port=mapper,
                dist_port=free_port(),
                password=password,
                cookie=cookie,
                node=name,
                more_settings=SETTINGS + MEMBERS,
            )
            for name in NODES
        }
        first = nodes[NODES[0]]
        for node in nodes.values():
            node.port_mapper = first.port_mapper
        return cls(nodes)

    @property
    def first(self) -> Rabbit:
        return self.nodes[NODES[0]]

    def urls(self, vhost: str | None = None) -> str:
        return ";".join(node.url(vhost) for node in self.nodes.values())

    def start(self) -> None:
        """The first node makes the cluster, the others join it one by one."""
        for node in self.nodes.values():
            node.start()
        self.wait_whole()

    def stop(self) -> None:
        for node in reversed(self.nodes.values()):
            node.process.signal_all(signal.SIGCONT)
            node.process.stop()
        self.first.port_mapper.stop()

    def kill(self, name: str) -> None:
        self.nodes[name].kill()

    def freeze(self, name: str) -> None:
        """It keeps all its connections and answers none."""
        self.nodes[name].process.signal_all(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.nodes[name].process.signal_all(signal.SIGCONT)

    def take_back(self, name: str) -> None:
        """What whoever is on call does with a node that stood still: thawed, it hears of the others again at once and
        does not pause, but goes on with what it knew before, apart from them, until its broker starts anew."""
        self.nodes[name].control("stop_app")
        self.nodes[name].control("start_app")
        self.wait_whole()

    def restart(self, name: str) -> None:
        """Politely, as for an update; afterwards all queues have all their members again."""
        self.nodes[name].process.stop()
        self.nodes[name].start()
        self.wait_whole()

    def cut_off(self, name: str) -> None:
        """As if its network cable were pulled, for the other nodes; clients still reach it. Until `rejoin`."""
        others = ", ".join(f"'{other}'" for other in self.nodes if other != name)
        self.nodes[name].control(
            "eval", f"[begin erlang:set_cookie(N, away), erlang:disconnect_node(N) end || N <- [{others}]]."
        )

    def rejoin(self, name: str) -> None:
        others = ", ".join(f"'{other}'" for other in self.nodes if other != name)
        self.nodes[name].control("eval", f"[erlang:set_cookie(N, erlang:get_cookie()) || N <- [{others}]].")

    def wait_whole(self, seconds: float = 180) -> None:
        """Until every node runs and sees the others, and every queue has a leader and all its members on line.

        Only then may the next node be stopped: with one more away there might be no quorum."""
        deadline = time.monotonic() + seconds
        while lacking := self._lacking():
            if time.monotonic() > deadline:
                raise NotReady(f"the cluster is not whole after {seconds:.0f} s: {lacking}")
            time.sleep(0.5)

    def leader(self, queue: str, vhost: str | None = None) -> str:
        return self.queues(vhost)[queue][0]

    def move_leader(self, queue: str, vhost: str | None = None) -> str:
        """Another node leads the queue from now on, as after a rebalancing; returns which."""
        vhost = vhost or self.first.vhost
        leader = self.leader(queue, vhost)
        other = next(name for name in self.nodes if name != leader)
        found = f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"{queue}">>))'
        self._control("eval", f"{found}, rabbit_quorum_queue:transfer_leadership(Q, '{other}').")
        return other

    def queues(self, vhost: str | None = None) -> dict[str, tuple[str, set[str]]]:
        """Queue → (leader, members)."""
        wanted = ("--vhost", vhost or self.first.vhost, "name", "leader", "members")
        lines = self._control("list_queues", *wanted).splitlines()[1:]
        rows = (line.split("\t") for line in lines)
        return {name: (leader, _names(members)) for name, leader, members in rows}

    def _lacking(self) -> str:
        absent = [name for name, node in self.nodes.items() if not node.ready()]
        if absent:
            return f"{absent} do not answer"
        try:
            lacking = self._control("eval", LACKING)
        except StackError as trouble:
            return str(trouble)
        return "" if lacking.strip() == "[]" else f"nodes apart, or queues without leader or members: {lacking}"

    def _control(self, *arguments: str) -> str:
        """Ask any node that lives."""
        troubles = []
        for name, node in self.nodes.items():
            if node.process.alive():
                try:
                    return node.control(*arguments)
                except StackError as error:
                    troubles.append(f"{name}: {error}")
        raise StackError("\n".join(troubles) or "no node lives")


def _names(text: str) -> set[str]:
    """Of `[tsudoi1@localhost, tsudoi2@localhost]`."""
    return {name for name in text.strip("[] ").replace(",", " ").split() if name}
