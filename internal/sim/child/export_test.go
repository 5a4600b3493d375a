package child

// PID is the child's.
func (p *Process) PID() int { return p.cmd.Process.Pid }
