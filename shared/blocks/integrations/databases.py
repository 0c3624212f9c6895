"""How is a database asked, without being led to an address that was not judged?

Each driver connects to an address that ``Outgoing.addresses`` admitted, and knows the server's name beside it. Over
the open internet the connection is encrypted. Whose certificate it is goes unchecked by PostgreSQL and MySQL, as
their own clients have it by default, since hosted ones sign their own; SQL Server's must be signed by a public
authority.
"""

import asyncio
import decimal
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import to_jsonable_python

from shared.blocks.block import Context
from shared.blocks.credentials import UserPassword
from shared.blocks.integrations import hiding, mssql_routing
from shared.domain import errors

_CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """``kind``: postgres, mysql or mssql."""

    kind: str
    host: str = field(repr=False)
    port: int
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    query: str
    read_only: bool
    seconds: int
    max_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """``affected``: of a statement that gives no rows."""

    columns: list[str] = field(default_factory=list[str])
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    truncated: bool = False
    affected: int | None = None


class Unreachable(Exception):
    """The server did not answer, or not in time: another attempt may help."""


class LoginRefused(Exception):
    """The server does not know user and password."""


class Refused(Exception):
    """The server does not do what the query says."""


async def ask(server: Server, credential: UserPassword, request: Request, context: Context) -> Rows:
    """BlockError ``CREDENTIALS_REFUSED``, ``SERVICE_REFUSED``, and as ``Outgoing.addresses``; Retryable
    ``SERVICE_UNAVAILABLE``. None of them says where the server is."""
    hidden = hiding.Hidden(credential)
    name = {"postgres": "PostgreSQL", "mysql": "MySQL", "mssql": "SQL Server"}[server.kind]
    addresses = await _addresses(server, context)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS + request.seconds):
            if server.kind == "postgres":
                return await _postgres(server, credential, request, addresses)
            if server.kind == "mysql":
                return await asyncio.to_thread(_mysql, server, credential, request, addresses)
            return await _mssql_wherever(server, credential, request, context, addresses)
    except LoginRefused as error:
        what, reason = f"{name} does not accept the credentials: {error}", "CREDENTIALS_REFUSED"
    except Refused as error:
        what, reason = f"{name} refused the query: {error}", "SERVICE_REFUSED"
    except (Unreachable, TimeoutError, OSError) as error:
        what = f"{name} cannot be asked: {error or 'it did not answer in time'}"
        shown = hidden.text(what).replace(server.host, "the host")
        raise errors.Retryable(shown, reason="SERVICE_UNAVAILABLE") from None
    raise errors.BlockError(hidden.text(what).replace(server.host, "the host"), reason=reason)


async def _addresses(server: Server, context: Context) -> Sequence[str]:
    """Where the host leads. What is said of a host that leads nowhere does not name it, nor its address."""
    try:
        return await context.http.addresses(server.host, server.port)
    except errors.Retryable:
        raise errors.Retryable(
            "The host of the database cannot be found just now", reason="SERVICE_UNAVAILABLE"
        ) from None
    except errors.BlockError as error:
        raise errors.BlockError(
            "The host of the database is not known, or leads to an address that is not public: correct the pin host; "
            "an operator can open an address with OUTGOING_ALLOW",
            reason=error.reason,
        ) from None


async def _postgres(server: Server, credential: UserPassword, request: Request, addresses: Sequence[str]) -> Rows:
    """https://www.psycopg.org/psycopg3/docs/api/connections.html; ``hostaddr`` is where it connects to:
    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-HOSTADDR. A prepared statement is one."""
    import psycopg

    try:
        connection = await psycopg.AsyncConnection.connect(
            host=",".join([server.host] * len(addresses)),
            hostaddr=",".join(addresses),
            port=server.port,
            dbname=server.database,
            user=credential.username,
            password=credential.password,
            sslmode="prefer" if _is_inside(addresses) else "require",
            connect_timeout=_CONNECT_SECONDS,
            options=f"-c statement_timeout={request.seconds * 1000}",
            autocommit=False,
        )
    except psycopg.OperationalError as error:
        said = str(error).strip()
        raise (LoginRefused if "authentication failed" in said else Unreachable)(said) from None
    try:
        await connection.set_read_only(request.read_only)
        cursor = connection.cursor()
        query: Any = request.query
        await cursor.execute(query, prepare=True)
        if cursor.description is None:
            rows = Rows(affected=max(cursor.rowcount, 0))
        else:
            found = await cursor.fetchmany(request.max_rows + 1)
            rows = _rows([one.name for one in cursor.description], found, request)
        await (connection.rollback() if request.read_only else connection.commit())
        return rows
    except psycopg.errors.QueryCanceled as error:
        raise Refused(f"{str(error).strip()} (after {request.seconds} s)") from None
    except psycopg.OperationalError as error:
        raise Unreachable(str(error).strip()) from None
    except psycopg.Error as error:
        raise Refused(str(error).strip()) from None
    finally:
        await connection.close()


def _mysql(server: Server, credential: UserPassword, request: Request, addresses: Sequence[str]) -> Rows:
    """https://pymysql.readthedocs.io/en/latest/modules/connections.html; several statements are off by default."""
    import pymysql
    from pymysql.constants import ER

    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    connection: Any = pymysql.connect(
        host=server.host,
        port=server.port,
        user=credential.username,
        password=credential.password,
        database=server.database,
        ssl=None if _is_inside(addresses) else unverified,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=request.seconds,
        write_timeout=request.seconds,
        local_infile=False,
        charset="utf8mb4",
        defer_connect=True,
    )
    denied = (ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR)
    try:
        connection.connect(sock=_socket(addresses, server.port))
        with connection.cursor() as cursor:
            if request.read_only:
                cursor.execute("START TRANSACTION READ ONLY")
            return _cursor_rows(cursor, request, request.query, connection)
    except pymysql.err.OperationalError as error:
        raise (LoginRefused if error.args[0] in denied else Unreachable)(_last(error)) from None
    except pymysql.err.MySQLError as error:
        raise Refused(_last(error)) from None
    finally:
        if connection.open:
            connection.close()


async def _mssql_wherever(
    server: Server, credential: UserPassword, request: Request, context: Context, addresses: Sequence[str]
) -> Rows:
    """A SQL Server may send the client on to another, once, whose address is judged as any."""
    try:
        return await asyncio.to_thread(_mssql, server, credential, request, addresses)
    except mssql_routing.Routed as routed:
        on = replace(server, host=routed.host, port=routed.port)
    addresses = await _addresses(on, context)
    try:
        return await asyncio.to_thread(_mssql, on, credential, request, addresses)
    except mssql_routing.Routed as routed:
        raise Refused("it sends on to one server after the other") from routed


def _mssql(server: Server, credential: UserPassword, request: Request, addresses: Sequence[str]) -> Rows:
    """https://python-tds.readthedocs.io/en/latest/pytds.html: encrypted where it is told whom to trust."""
    import pytds  # pyright: ignore[reportMissingTypeStubs]
    from certifi import where as authorities

    mssql_routing.guard(pytds)
    trusted = None if _is_inside(addresses) else authorities()
    try:
        connection: Any = pytds.connect(
            dsn=server.host,
            port=server.port,
            database=server.database,
            user=credential.username,
            password=credential.password,
            sock=_socket(addresses, server.port),
            cafile=trusted,
            timeout=request.seconds,
            login_timeout=_CONNECT_SECONDS,
            readonly=request.read_only,
            autocommit=False,
        )
    except pytds.LoginError as error:
        raise LoginRefused(_last(error)) from None
    except pytds.Error as error:
        raise Unreachable(_last(error)) from None
    with closing(connection):
        try:
            return _cursor_rows(connection.cursor(), request, request.query, connection)
        except pytds.Error as error:
            raise Refused(_last(error)) from None


def _cursor_rows(cursor: Any, request: Request, query: str, connection: Any) -> Rows:
    """As PEP 249 (https://peps.python.org/pep-0249/) has cursors."""
    cursor.execute(query)
    if cursor.description is None:
        rows = Rows(affected=max(cursor.rowcount, 0))
    else:
        rows = _rows([one[0] for one in cursor.description], cursor.fetchmany(request.max_rows + 1), request)
    if request.read_only:
        connection.rollback()
    else:
        connection.commit()
    return rows


def _rows(names: Sequence[str], found: Iterable[Sequence[Any]], request: Request) -> Rows:
    columns = _distinct(names)
    rows = [dict(zip(columns, map(_json, one), strict=True)) for one in found]
    return Rows(columns=columns, rows=rows[: request.max_rows], truncated=len(rows) > request.max_rows)


def _distinct(names: Sequence[str]) -> list[str]:
    """``a, a`` -> ``a, a_2``: none hides another."""
    found: list[str] = []
    for name in names:
        number, one = 1, name or "column"
        while one in found:
            number += 1
            one = f"{name or 'column'}_{number}"
        found.append(one)
    return found


def _json(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="null", fallback=str)


def _is_inside(addresses: Sequence[str]) -> bool:
    """Whether all are in a network that an operator opened, and not on the open internet."""
    return all(not ipaddress.ip_address(one).is_global for one in addresses)


def _socket(addresses: Sequence[str], port: int) -> socket.socket:
    for number, address in enumerate(addresses):
        try:
            return socket.create_connection((address, port), _CONNECT_SECONDS)
        except OSError:
            if number == len(addresses) - 1:
                raise
    raise AssertionError("a name that was admitted has an address")


def _last(error: BaseException) -> str:
    return str(error.args[-1] if error.args else error).strip()
