"""Tags on the objects and cells of the city."""
