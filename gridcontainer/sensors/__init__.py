"""Sensors of the city: who they are, where they are, and what they have measured when.

    <root>/sensors/registry              one row a sensor
    <root>/sensors/readings              one row a value that a sensor was ever said to have read
    <root>/sensors/checkpoints/<series>  how far a folder of arriving files has been read

A series (``conf/sensors/*.yaml``) says which columns of a data set are readings, of what, in which
unit, and where the stations are. Readings come from data sets (``load_series``) or from files that
arrive in a folder (``stream_series``), in any order and any number of times: the table depends on
what has arrived, not on how.
"""
