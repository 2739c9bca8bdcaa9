"""Tables out of the container, as files that others read."""
