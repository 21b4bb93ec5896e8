"""Heads: the sequence part and the classifier; state goes in and comes out."""

from videoseq.models.heads.building import build_head
from videoseq.models.heads.head import Head

__all__ = ["Head", "build_head"]
