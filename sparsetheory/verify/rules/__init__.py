"""Rules: one file a rule, each says how measurements become a verdict."""

from .drift import Drift
from .every_instance import EveryInstance
from .order import Order
from .ratio import Ratio

__all__ = ["Drift", "EveryInstance", "Order", "Ratio"]
