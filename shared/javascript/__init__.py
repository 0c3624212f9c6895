"""Expressions of JavaScript: what they say, and what they give. An interpreter of its own, for those of n8n.

It knows expressions, arrow functions and what a function's body may say without loops and assignments; no prototypes,
classes or generators, and nothing of the machine. What it does not know it refuses before anything runs (``grammar``,
``known``). The rules: https://tc39.es/ecma262/
"""
