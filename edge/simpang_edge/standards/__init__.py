"""Published figures that formulas need, as data files with their source: classes, EMP sets, capacity factors, LOS."""

from .tables import (
    ClassRules,
    Control,
    EmpSet,
    LinkTables,
    LosTable,
    Road,
    SignalTables,
    class_rules,
    delay_los,
    emp_choice,
    emp_names,
    emp_set,
    link_tables,
    los_names,
    signal_tables,
    speed_los,
)

__all__ = [
    "ClassRules",
    "Control",
    "EmpSet",
    "LinkTables",
    "LosTable",
    "Road",
    "SignalTables",
    "class_rules",
    "delay_los",
    "emp_choice",
    "emp_names",
    "emp_set",
    "link_tables",
    "los_names",
    "signal_tables",
    "speed_los",
]
