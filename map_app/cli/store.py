"""`store`: what the file that holds the articles needs now and then."""

import argparse
import os
from pathlib import Path

from map_app.cli.arguments import Commands, add_command, add_group
from map_app.cli.console import ExitCode, progress_of, put, put_fields
from map_app.settings import Settings

# ruff: noqa: PLC0415  # see the package's docstring


def add_commands(commands: Commands) -> None:
    """Add `store` and what follows it."""
    store = add_group(commands, "store", "the file that holds your articles")
    add_command(store, "info", _info, "say what the store holds and where it is", store=True)
    add_command(store, "check", _check, "read all of the store and say what is wrong with it", store=True)

    parser = add_command(store, "backup", _backup, "copy the store, also while it is in use", store=True)
    parser.add_argument("file", metavar="FILE", type=Path, help="where to; it appears when it is complete and verified")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there already")

    parser = add_command(store, "restore", _restore, "put a copy in the place of the store", store=True)
    parser.add_argument("file", metavar="FILE", type=Path, help="a copy made by backup; the old store is kept aside")

    add_command(store, "vacuum", _vacuum, "give back the room that updated articles left", store=True)
    add_command(store, "migrate", _migrate, "bring a store of an older version to this one", store=True)


def _info(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store import Store

    if not settings.store.exists():
        put(f"{settings.store}\nnothing yet: it is made when you first ingest an article")
        return ExitCode.DONE
    # Opened for writing where it may be, so that a store of an older version is migrated.
    read_only = not os.access(settings.store, os.W_OK)
    with progress_of(options) as line, Store.open(settings.store, read_only=read_only, progress=line) as store:
        counts = store.counts()
    put(f"{settings.store}")
    put_fields(counts)
    return ExitCode.DONE


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import check

    with progress_of(options) as line:
        findings = check(settings.store, progress=line)
    for finding in findings:
        put(finding)
    put(f"{settings.store}: {f'{len(findings)} findings' if findings else 'sound'}")
    return ExitCode.FAILED if findings else ExitCode.DONE


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import backup

    with progress_of(options) as line:
        size = backup(settings.store, options.file, force=options.force, progress=line)
    put(f"{options.file}: {size:,} bytes, verified")
    return ExitCode.DONE


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import restore

    with progress_of(options) as line:
        kept = restore(options.file, settings.store, progress=line)
    put(f"{settings.store}: restored from {options.file}")
    if kept is not None:
        put(f"the store that was there is {kept}; start again whatever has it open")
    return ExitCode.DONE


def _vacuum(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import vacuum

    with progress_of(options) as line:
        before, after = vacuum(settings.store, progress=line)
    put(f"{settings.store}: {before:,} bytes before, {after:,} after")
    return ExitCode.DONE


def _migrate(options: argparse.Namespace, settings: Settings) -> int:
    from map_app.store.upkeep import migrate

    with progress_of(options) as line:
        version = migrate(settings.store, progress=line)
    changed = f"from store version {version.before} to {version.after}" if version.before != version.after else ""
    put(f"{settings.store}: {changed or f'is of store version {version.after} already'}")
    return ExitCode.DONE
