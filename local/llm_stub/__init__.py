"""A stand-in for an OpenAI-compatible model: answers by rule, so that agents run without a key."""

from local.llm_stub.service import LlmStubService as LlmStubService
