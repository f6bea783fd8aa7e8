"""Assembles the command `testigo` from one module for each verb.

A verb's module has `register(app)`, which adds its command. Only the module of the verb that was typed is loaded, so
that `testigo flash` needs nothing of the vault; `testigo --help` loads them all. A module that is missing is an error.
"""

import sys
from importlib import import_module

import typer

# verb on the command line -> module that has it; several verbs may share one.
VERBS = {
    "call": "testigo_tools.commands.call",
    "consent": "testigo_tools.commands.consent",
    "demo": "testigo_tools.commands.demo",
    "diag": "testigo_tools.commands.diag",
    "export": "testigo_tools.commands.export",
    "flash": "testigo_tools.commands.flash",
    "init": "testigo_tools.commands.init",
    "law": "testigo_tools.commands.law",
    "list": "testigo_tools.commands.list_",
    "log": "testigo_tools.commands.access_log",
    "notice": "testigo_tools.commands.notice",
    "objections": "testigo_tools.commands.objections",
    "policy": "testigo_tools.commands.policy",
    "provision": "testigo_tools.commands.provision",
    "record": "testigo_tools.commands.record",
    "show": "testigo_tools.commands.show",
    "selftest": "testigo_tools.commands.selftest",
    "sync": "testigo_tools.commands.sync",
    "user": "testigo_tools.commands.user",
    "vault": "testigo_tools.commands.vault",
    "verify": "testigo_tools.commands.verify",
    "virtual": "testigo_tools.commands.virtual",
}


def assemble(verb: str | None = None) -> typer.Typer:
    """The application with one verb's module, or with all of them."""
    app = typer.Typer(
        name="testigo",
        help="A call recorder that plays a notice and obtains consent before it records: appliance, vault and tools.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )

    # A callback keeps the verb's name in the command line even while only one verb is loaded.
    @app.callback()
    def root() -> None:
        pass

    modules = [VERBS[verb]] if verb in VERBS else list(dict.fromkeys(VERBS.values()))
    for module in modules:
        import_module(module).register(app)
    return app


def main() -> None:
    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    assemble(verb)()


if __name__ == "__main__":
    main()
