package postgres

import "syscall"

const endsWithParent = true

// endWithParent has the kernel end the server when the thread that started it is gone, so that a killed test leaves no server.
func endWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGQUIT }
