"""Rules: one file a rule, each says how measurements become a verdict."""

from .drift import Drift
from .every_instance import EveryInstance
from .identification import Identification, identified_at
from .joint import Joint
from .logarithm import Logarithm
from .order import Order
from .ratio import Ratio

__all__ = ["Drift", "EveryInstance", "Identification", "Joint", "Logarithm", "Order", "Ratio", "identified_at"]
