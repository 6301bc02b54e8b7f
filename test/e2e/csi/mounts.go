package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func mounted(path string) (bool, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == path {
			return true, nil
		}
	}
	return false, nil
}

// Whether anything is mounted that begins at a volume's content, or at a device: of the path only what its file system has of it is known.
func isMountedFrom(path string) (bool, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false, err
	}
	end := rootOf(path)
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasSuffix(fields[3], end) {
			return true, nil
		}
	}
	return false, nil
}

func rootOf(path string) string {
	if filepath.Dir(path) == "/dev" {
		return "/" + filepath.Base(path)
	}
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}

func bind(from, to string, readOnly bool) error {
	if isMounted, err := mounted(to); err != nil || isMounted {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting %s at %s: %w", from, to, err)
	}
	if !readOnly {
		return nil
	}
	return unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

func unmount(path string) error {
	isMounted, err := mounted(path)
	if err != nil || !isMounted {
		return err
	}
	return unix.Unmount(path, 0)
}

func unpublish(path string) error {
	if err := unmount(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func publishDevice(file, target string) error {
	if isMounted, err := mounted(target); err != nil || isMounted {
		return err
	}
	device, err := loopDevice(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		return err
	}
	return bind(device, target, false)
}
