package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Attempts, where others take the free device first.
const loopTriesMax = 20

// A block device of a file; the same one again while it is there.
func loopDevice(file string) (string, error) {
	if name, err := loopOf(file); err != nil || name != "" {
		return name, err
	}
	backing, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer backing.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer control.Close()
	for range loopTriesMax {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("/dev/loop%d", number)
		device, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return "", err
		}
		config := &unix.LoopConfig{Fd: uint32(backing.Fd())}
		copy(config.Info.File_name[:], file[max(0, len(file)-63):])
		err = unix.IoctlLoopConfigure(int(device.Fd()), config)
		device.Close()
		if err != unix.EBUSY {
			return name, err
		}
	}
	return "", fmt.Errorf("no loop device is free for %s", file)
}

// The one that has the file, if any.
func loopOf(file string) (string, error) {
	paths, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			// It went meanwhile.
			continue
		}
		if strings.HasSuffix(string(bytes.TrimSpace(text)), rootOf(file)) {
			return "/dev/" + strings.Split(path, "/")[3], nil
		}
	}
	return "", nil
}

// Once no pod has it any more.
func releaseLoop(file string) error {
	name, err := loopOf(file)
	if err != nil || name == "" {
		return err
	}
	if isUsed, err := isMountedFrom(name); err != nil || isUsed {
		return err
	}
	device, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	return unix.IoctlSetInt(int(device.Fd()), unix.LOOP_CLR_FD, 0)
}

func enlargeDevice(file string) error {
	name, err := loopOf(file)
	if err != nil || name == "" {
		return err
	}
	device, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	return unix.IoctlSetInt(int(device.Fd()), unix.LOOP_SET_CAPACITY, 0)
}
