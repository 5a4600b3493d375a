package main

import (
	"context"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
)

// Run runs one command line and gives its exit code. It returns when the command
// is done or ctx has ended; a server then stops in order.
func Run(ctx context.Context, args []string, stdio command.Stdio) int {
	a := &app{App: command.App{Stdio: stdio}}
	return command.Execute(ctx, a.root(), args, stdio, nil)
}

// app is what the commands of one run share.
type app struct {
	command.App
	// remote is how a server is reached.
	remote remote
}

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{
	newInit, newServe, newDemo, newImport, newUser, newTeam, newAssign, newDoor, newDevice, newToken, newSignIn, newLogin, newLogout,
	newCase, newHazard, newRules, newConflicts, newQuarantine, newLookUp, newExplain, newReport, newFeed, newPrivacy, newRetention, newLog, newLedger, newVerify, newDoctor, newHealth, newBackup, newMigrate, newRestore, newKeys,
}

func (a *app) root() *cobra.Command {
	root := command.Group("onedoor", "Serve and manage a district's door-to-door records",
		`onedoor keeps the records of a district's grid teams, whose phones work without
a signal and sync when they can. This is the server's and the operator's command.

A first day:
  onedoor init --data ./realm --realm 530702      make the realm
  onedoor serve --data ./realm                    serve it
  onedoor import premises doors.csv --data ./realm
  onedoor user add --name 和丽 --role grid_worker --territory 530702001001 --data ./realm
  onedoor device code --user USER_ID --data ./realm

Results go to standard output, as text or with --json as one JSON object; all
else goes to standard error. Exit codes: 0 done, 1 failed, 2 used wrongly.`)
	a.JSONFlag(root, "print exactly one JSON object (log: one a line)")
	for _, make := range commands {
		root.AddCommand(make(a))
	}
	return root
}
