"""``python -m pythonbuild``: what ``build.py`` hands over to."""

from pythonbuild.cli import main

if __name__ == "__main__":
    main()
