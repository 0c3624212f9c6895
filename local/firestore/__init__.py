"""The Firestore of the local cloud: ``google.firestore.v1.Firestore`` over gRPC, kept in SQLite.

Google's clients reach it by ``FIRESTORE_EMULATOR_HOST``. A request goes: ``service`` (the wire) → ``engine``
(what each call means) → ``commits`` and ``queries`` → ``store`` (SQLite) and ``history`` (recent versions).
"""
