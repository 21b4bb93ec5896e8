"""Heads: the sequence part and the classifier; state goes in and comes out."""

from videoseq.models.heads.head import Head, build_head

__all__ = ["Head", "build_head"]
