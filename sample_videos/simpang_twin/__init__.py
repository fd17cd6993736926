"""The twin: SUMO drives a junction, Panda3D films it, and the exact truth stands beside the clip."""
