"""OpenLineage 2-0-2: what happens here as its events, and events of other systems taken in.

The words run, job, data set and facet are OpenLineage's in this package. Source: the OpenLineage specification, version
2-0-2, and its facets in the versions that `schema` names.
"""

from everlearn.lineage.openlineage.delivery import Receiver
from everlearn.lineage.openlineage.emission import EMITTED, Emission
from everlearn.lineage.openlineage.reception import Reception

__all__ = ["EMITTED", "Emission", "Receiver", "Reception"]
