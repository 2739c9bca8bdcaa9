"""Tags on the objects and cells of the city: an identifier to print, and a registry to ask.

    <root>/tags/registry   one row for each state that a tag was ever in

A tag says which object or cell it is on, of which class it is and who issued it. Its identifier
says nothing of that: it is looked up, so that it outlives every change of what it stands for.
"""
