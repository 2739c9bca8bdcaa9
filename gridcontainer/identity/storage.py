"""Where the tables of identities lie.

<root>/identity/objects     the versions of each object; the current one is open
<root>/identity/keys        which object a record of a data set is, and since when
<root>/identity/links       the evidence that two records are one thing, or are not
<root>/identity/relations   what is related to what beside being the same
"""

from dataclasses import dataclass

from gridcontainer.container.storage import Storage


@dataclass(frozen=True)
class IdentityStorage:
    """The tables of identities of a container.

    Attributes:
        container: whose records they are.
    """

    container: Storage

    @property
    def objects(self) -> str:
        """Table of the objects' versions."""
        return f"{self.container.root}/identity/objects"

    @property
    def keys(self) -> str:
        """Table of the keys, each of which is an object."""
        return f"{self.container.root}/identity/keys"

    @property
    def links(self) -> str:
        """Table of the evidence."""
        return f"{self.container.root}/identity/links"

    @property
    def relations(self) -> str:
        """Table of the relations."""
        return f"{self.container.root}/identity/relations"
