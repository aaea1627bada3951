"""PQM, Q-value rankings (Li and Li, 2410.11287)."""

from .format import Layers
from .readout import Raw
from .tagged import Tagged

PQM = Tagged(
    "pqm",
    Layers("v_head.summary"),
    Raw(),
    "min",
    tag="[PRM]",
    first="\n",
    join="\n",
    gap=" ",
    bos="never",
    numbered=True,
)
"""`{problem}\\nStep 1: … [PRM]\\nStep 2: … [PRM]`, read at the added token: a Q-value, of any size,
which is not a probability. Its authors take the smallest (bon_eval_hf.py).

What they published lacks a tokenizer: save the base model's with "[PRM]" added beside the weights.
"""
