"""Links made into identities: the records of each accepted component share one object."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession

from gridcontainer.identity.state import Settled, settle
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.versions import Stamp


def apply_links(spark: SparkSession, storage: IdentityStorage, run_id: str) -> Settled:
    """Make keys and objects follow from the links that are open.

    The links of status ``merge`` are taken strongest first (what people decided before all), and
    one that would make one object of two records of a data set, of two classes, or of records that
    are known to be different, is refused and says why in ``refused``. The records of a component
    share the object that was issued first; the others are ``merged`` into it, and ``active`` again
    (``split``) when the links no longer hold. Nothing new writes nothing.

    Args:
        spark: the session.
        storage: of the identities.
        run_id: of the run.
    """
    return settle(spark, storage, Stamp(run_id, datetime.now(UTC)))
