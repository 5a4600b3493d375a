package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
	"onedoor/server"
	"onedoor/syncengine"
)

// operatorCommand is what an operator does on the realm's machine.
type operatorCommand struct {
	Op   string `json:"op"`
	Dir  string `json:"dir"`
	File string `json:"file"`
}

// operatorAnswer is what came of it.
type operatorAnswer struct {
	Epoch syncengine.Epoch `json:"epoch"`
}

// operatorPart is `onedoor backup` and `onedoor restore` in a process of their own.
type operatorPart struct{ ctx context.Context }

func (o *operatorPart) handle(c operatorCommand, _ child.Say) (operatorAnswer, error) {
	switch c.Op {
	case "backup":
		made, err := server.Backup(o.ctx, server.BackupOptions{Dir: c.Dir, Out: c.File})
		return operatorAnswer{Epoch: made.At.Epoch}, errors.Join(err, made.Unregistered)
	case "restore":
		made, err := server.Restore(o.ctx, server.RestoreOptions{From: c.File, Dir: c.Dir, Replace: desk.Realm})
		return operatorAnswer{Epoch: made.Epoch}, err
	}
	return operatorAnswer{}, fmt.Errorf("an operator cannot %q", c.Op)
}

const (
	// operatorDeaths is how often an operator's command is killed before it is left alone, at most.
	operatorDeaths = 2
	// operatorLifeMax is how long it lives then, at most: about as long as it takes.
	operatorLifeMax = 80 * time.Millisecond
)

// operate runs an operator's command until it has run to its end; prepare makes the next one, after what a killed one has
// left behind was cleared away as the command's own message says.
func (r *run) operate(random *rand.Rand, prepare func(try int) operatorCommand) (a operatorAnswer, err error) {
	deaths := random.IntN(operatorDeaths + 1)
	for try := 0; ; try++ {
		p, err := child.Start(r.ctx, r.o.Self, RoleOperator)
		if err != nil {
			return a, err
		}
		var death *time.Timer
		if try < deaths {
			death = time.AfterFunc(time.Duration(random.Int64N(int64(operatorLifeMax))), func() { _ = p.Kill() })
		}
		err = p.Do(prepare(try), &a, nil)
		if death != nil {
			death.Stop()
		}
		_, ended := p.Stop()
		if !errors.Is(err, child.ErrEnded) || r.ctx.Err() != nil {
			return a, err
		}
		r.trace("the operator's command was killed: %v", ended)
	}
}

// backUp makes a backup, beside a running server or of one that rests.
func (r *run) backUp(random *rand.Rand) error {
	_, err := r.operate(random, func(int) operatorCommand {
		return operatorCommand{Op: "backup", Dir: r.served.Dir, File: r.nextBackup()}
	})
	r.nextBackup() // the last one counts where it is there
	return err
}

// nextBackup keeps the file that was named last if it was made, and names the next. A command that was killed may have
// made its file all the same.
func (r *run) nextBackup() string {
	if r.backingUp != "" {
		if _, err := os.Stat(r.backingUp); err == nil {
			r.backups = append(r.backups, r.backingUp)
		}
	}
	r.named++
	r.backingUp = filepath.Join(r.o.Dir, fmt.Sprintf("backup-%d.db", r.named))
	return r.backingUp
}

// restoreStage is what a killed restore leaves and asks to be removed.
const restoreStage = ".onedoor-restore"

// restore restores a backup: the newest, or the one before it, which is as far back as phones keep what they have
// handed in.
func (r *run) restore(random *rand.Rand, kind Kind) error {
	from := r.backups[len(r.backups)-1]
	if kind == OlderRestore && len(r.backups) > 1 {
		from = r.backups[len(r.backups)-2]
	}
	a, err := r.operate(random, func(int) operatorCommand {
		_ = os.RemoveAll(filepath.Join(r.served.Dir, restoreStage)) // the command says so if it is still there
		return operatorCommand{Op: "restore", Dir: r.served.Dir, File: from}
	})
	r.epoch = a.Epoch
	return err
}
