package main

import "os"

// settingsCmd prints the configuration.
type settingsCmd struct{}

// Help is the long help.
func (settingsCmd) Help() string {
	return `Prints all settings as a YAML file: the defaults, the configuration file and the environment put together. Secrets are taken out. Without any file or variable it is a complete file to start from.`
}

// Run is the command.
func (settingsCmd) Run(c *commands) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	printed, err := settings.YAML()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(printed)
	return err
}
