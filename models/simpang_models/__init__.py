"""Simpang's detector as a small training project: data, teachers, training, export, evaluation."""
