"""What every room uses: errors, files, locks, pictures, HTML pages, seeds, stamps, the spelling of commands."""
