"""Zengin bank files 全銀協規定形式, type 01: notices of money received 振込入金通知.

Sources: layouts of the Japanese Bankers Association as published by banks (awabank.co.jp) and open-source readers.
"""

from __future__ import annotations

from shared.japan.zengin.notices import Account, Deposit, Style
from shared.japan.zengin.reading import read_deposits
from shared.japan.zengin.writing import write_deposits

__all__ = ["Account", "Deposit", "Style", "read_deposits", "write_deposits"]
