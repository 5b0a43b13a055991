"""Every theorem of the family as a record; its proof and its study carry the same slug."""

from . import faces, graphs, greedy, rates

__all__ = ["CLAIMS"]

#: The claims of this family, in the order in which they are listed.
CLAIMS = (*rates.CLAIMS, *greedy.CLAIMS, *faces.CLAIMS, *graphs.CLAIMS)
