"""NamedTuple as typing's, for a program whose start-up is most of its run.

Importing typing takes a quarter of the time that PyYAML takes, and each of its
named tuples, which compiles a constructor and checks annotations, ten times
that of any other class. Type checkers read the stub beside this module, which
says that this is typing's.
"""

from __future__ import annotations

from collections import _tuplegetter as _getter

_new = tuple.__new__


class _Named(tuple[object, ...]):
    """What all of them can do."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, object] = {}
    # For each number of values that may be given: the values of the other fields.
    _missing: dict[int, tuple[object, ...]] = {0: ()}

    def __new__(cls, *values: object, **named: object) -> _Named:
        if named:
            values = _in_order(cls, values, named)
        try:
            return _new(cls, values + cls._missing[len(values)])
        except KeyError:
            raise TypeError(f'{cls.__name__} takes {", ".join(cls._fields)}') from None

    def _replace(self, **changes: object) -> _Named:
        """The same with other values for the fields that are named. Raises TypeError."""
        unknown = changes.keys() - set(self._fields)
        if unknown:
            raise TypeError(f'{type(self).__name__} has no {", ".join(sorted(unknown))}')
        return _new(type(self), map(changes.get, self._fields, self))

    def _asdict(self) -> dict[str, object]:
        return dict(zip(self._fields, self))

    def __getnewargs__(self) -> tuple[object, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        shown = ', '.join(f'{name}={value!r}' for name, value in zip(self._fields, self))
        return f'{type(self).__name__}({shown})'


def _in_order(
    cls: type[_Named], values: tuple[object, ...], named: dict[str, object]
) -> tuple[object, ...]:
    """The values of all fields, some of them given by name. Raises TypeError."""
    rest = cls._fields[len(values) :]
    given = {**cls._field_defaults, **named}
    if not named.keys() <= set(rest) or not set(rest) <= given.keys():
        raise TypeError(f'{cls.__name__} takes {", ".join(cls._fields)}')
    return values + tuple(given[name] for name in rest)


class _Maker(type):
    """Makes a class with fields of one that has annotations."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        annotations = namespace.get('__annotations__')
        fields = tuple(annotations) if isinstance(annotations, dict) else ()
        defaults = {field: namespace[field] for field in fields if field in namespace}
        values = tuple(defaults.values())
        namespace.update(
            __slots__=(),
            __match_args__=fields,
            _fields=fields,
            _field_defaults=defaults,
            _missing={
                len(fields) - count: values[len(values) - count :]
                for count in range(len(values) + 1)
            },
        )
        namespace.update((field, _getter(at, '')) for at, field in enumerate(fields))
        # Not of this metaclass: `isinstance` is faster for classes of `type`.
        return type(name, (_Named,), namespace)


class NamedTuple(metaclass=_Maker):
    """The base that says which classes are named tuples."""
