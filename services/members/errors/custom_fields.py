"""Errors of custom fields."""

from __future__ import annotations

from shared.errors import N_, Fault, Kind, TsudoiError


class CustomFieldExists(TsudoiError):
    """Files and pages know a field by its names, programs by its key."""

    kind = Kind.CONFLICT
    text = N_("There is a custom field with this key or name already.")


class HeaderHasValues(TsudoiError):
    """Two columns of one name in every file, otherwise."""

    kind = Kind.CONFLICT
    text = N_("A roster brought values under “%(header)s”. Please give the field this code, so that they belong to it.")

    @classmethod
    def of(cls, header: str) -> HeaderHasValues:
        return cls(header=header, faults=[Fault(cls.text, {"header": header}, "key")])


class TooManyCustomFields(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There are %(most)s custom fields. Please remove one that you no longer need.")


class TypeInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(count)s members have a value in this field, so its type stays. Please add another field.")

    @classmethod
    def of(cls, count: int) -> TypeInUse:
        return cls(count=count, faults=[Fault(cls.text, {"count": count}, "type")])


class ChoiceInUse(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("%(count)s members have chosen “%(choice)s”, so it stays.")

    @classmethod
    def of(cls, choice: str, count: int) -> ChoiceInUse:
        params = {"choice": choice, "count": count}
        return cls(**params, faults=[Fault(cls.text, params, "choices")])


class ValuesNotConfirmed(TsudoiError):
    """Removing a field takes its values with it: whoever does that says how many they are."""

    kind = Kind.CONFLICT
    text = N_("%(count)s members have a value in this field. Please confirm that these %(count)s values go, too.")
