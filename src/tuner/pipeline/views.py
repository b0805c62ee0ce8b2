"""The typed views of one configuration, made once."""

from dataclasses import dataclass
from functools import cached_property

from tuner.apache.effective.applications import Application, applications
from tuner.apache.effective.daemons import DaemonGroup, daemon_groups
from tuner.apache.effective.mpm import MpmSettings, mpm_settings
from tuner.apache.tree import Configuration
from tuner.capacity.settings import Settings, current_settings
from tuner.errors import ConfigurationUnreadable


@dataclass(frozen=True)
class Views:
    """What httpd and mod_wsgi make of a configuration."""

    mpm: MpmSettings | None
    groups: tuple[DaemonGroup, ...]
    applications: tuple[Application, ...]

    @cached_property
    def settings(self) -> Settings | None:
        """Today's settings; None when no MPM is loaded."""
        return current_settings(self.mpm, self.groups) if self.mpm else None


def views_of(configuration: Configuration, cores: int | None = None) -> Views:
    """Make every view."""
    return Views(
        mpm=mpm_settings(configuration, cores),
        groups=daemon_groups(configuration),
        applications=applications(configuration),
    )


def demand_runnable(configuration: Configuration) -> None:
    """Refuse what httpd would refuse.

    Raises:
        ConfigurationUnreadable: with the first error and how many there are.
    """
    errors = configuration.fatal_errors
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise ConfigurationUnreadable(f"{errors[0]}{more}", hint="httpd would refuse to start")
