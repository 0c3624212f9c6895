"""Firebase Auth on this machine, under the paths of Firebase's own emulator."""

from local.auth.service import AuthService as AuthService
