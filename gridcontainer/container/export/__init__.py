"""Tables out of the container, as files that others read."""

from gridcontainer.container.export.export import Exported, export_dataset

__all__ = ["Exported", "export_dataset"]
