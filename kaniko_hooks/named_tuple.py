"""NamedTuple as typing's, for a program whose start-up is most of its run.

`import typing` takes a quarter of the time of `import yaml`, and `collections.namedtuple`
four times as long for each class. Type checkers read the stub beside this module, in
which this is typing's.
"""

from __future__ import annotations

from operator import itemgetter

# By the index of a field; no class has more.
_PROPERTIES = tuple(property(itemgetter(at)) for at in range(20))


class _Named(tuple[object, ...]):
    """Methods of all named tuples."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _defaults: dict[str, object] = {}
    _last: dict[int, tuple[object, ...]] = {0: ()}  # number of values -> those that follow

    def __new__(cls, *values: object, **named: object) -> _Named:
        # Type checkers find wrong arguments.
        if named:
            named = {**cls._defaults, **named}
            values += tuple(map(named.__getitem__, cls._fields[len(values) :]))
        return tuple.__new__(cls, values + cls._last[len(values)])

    def _replace(self, **changes: object) -> _Named:
        """The same with other values for some fields."""
        return tuple.__new__(type(self), map(changes.get, self._fields, self))

    def __repr__(self) -> str:
        fields = ', '.join(f'{name}={value!r}' for name, value in zip(self._fields, self))
        return f'{type(self).__name__}({fields})'


class _Maker(type):
    """Turns a class with annotations into a named tuple."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        annotations = namespace.get('__annotations__')
        fields = tuple(annotations) if isinstance(annotations, dict) else ()
        defaults = {field: namespace[field] for field in fields if field in namespace}
        values, count = tuple(defaults.values()), len(fields) - len(defaults)
        last = {count + at: values[at:] for at in range(len(values) + 1)}
        namespace.update(zip(fields, _PROPERTIES))
        namespace.update(__slots__=(), _fields=fields, _defaults=defaults, _last=last)
        # Of the metaclass `type`: `isinstance` is faster for such classes.
        return type(name, (_Named,), namespace)


class NamedTuple(metaclass=_Maker):
    """The base class of named tuples."""
