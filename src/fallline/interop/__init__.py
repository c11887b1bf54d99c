"""Fallline beside other libraries; each submodule imports its library when it is imported itself."""
