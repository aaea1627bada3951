"""Finetuning a student on instruction data, and pretraining on texts: with pauses, or without."""
