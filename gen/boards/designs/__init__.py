"""One module a core: makes its :class:`~pyralis.gen.boards.design.Design`."""
