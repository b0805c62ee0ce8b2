"""Facts about the files that the front serves."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "content.static_aliases": FactSpec("texts", "Alias directives for own files, by URL"),
    "content.mmap": FactSpec("flag", "EnableMMAP of the main server"),
    "content.missing_log_directories": FactSpec("texts", "directories of logs that are not there"),
    "content.sendfile": FactSpec("flag", "EnableSendfile of the main server"),
    "content.symlink_checked": FactSpec("texts", "document roots where every path is checked"),
    "content.network_paths": FactSpec("texts", "served directories on network file systems"),
    "content.is_local": FactSpec("flag", "whether all served directories are on local disks"),
    "content.mmap_on_network": FactSpec("texts", "those where EnableMMAP is on"),
}
