"""Where in the catalogue does a block stand? Every category that there is, and what one finds in it."""

from collections.abc import Mapping

CATEGORIES: Mapping[str, str] = {
    "INPUT": "What a run is given",
    "OUTPUT": "What a run gives",
    "BASIC": "Values, notes, waiting, people",
    "LOGIC": "Ways to go, and steps through items",
    "LISTS": "Lists, and lists of records",
    "DICTIONARIES": "Dictionaries and the fields of records",
    "TEXT": "Texts, templates, patterns",
    "NUMBERS": "Calculating, numbers, units, chance",
    "DATES": "Dates, times, time zones",
    "FORMATS": "JSON, XML, YAML, TOML, Markdown, HTML and encodings",
    "FILES": "Files, tables, documents, archives",
    "MULTIMEDIA": "Images, sound, video",
    "CODE": "Expressions and programs in a sandbox",
    "SECURITY": "Hashes, signatures, tokens",
    "MEMORY": "What an agent remembers from run to run",
    "DATA": "Databases and tables of other services",
    "AGENT": "Agents in agents, and tools",
    "AI": "Language models and what they make",
    "WEB": "Requests, pages, feeds",
    "SEARCH": "Search engines, maps, knowledge",
    "COMMUNICATION": "E-mail, chat, messages",
    "SOCIAL": "Posts and publishing",
    "PRODUCTIVITY": "Calendars, documents, tasks",
    "DEVELOPER": "Repositories, issues, machines for code",
    "TRIGGERS": "What starts a run",
}
