package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What is known of a volume or snapshot; it lies beside its content.
type record struct {
	ID       string
	Name     string
	Bytes    int64
	Block    bool
	Source   string
	Attached []string
	Made     int64
}

// One lock for all: a test's driver has few volumes.
type store struct {
	sync.Mutex
	root string
}

func idOf(name string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:32]
}

func (s *store) folder(kind, id string) string { return filepath.Join(s.root, kind, id) }

// A folder, or the file of a block volume.
func (s *store) content(kind, id string) string { return filepath.Join(s.folder(kind, id), "content") }

func (s *store) find(kind, id string) (*record, error) {
	text, err := os.ReadFile(filepath.Join(s.folder(kind, id), "record.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, status.Errorf(codes.NotFound, "there are no %s %q", kind, id)
	}
	if err != nil {
		return nil, err
	}
	found := &record{}
	return found, json.Unmarshal(text, found)
}

func (s *store) all(kind string) ([]*record, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, kind))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	records := []*record{}
	for _, entry := range entries {
		found, err := s.find(kind, entry.Name())
		if status.Code(err) == codes.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		records = append(records, found)
	}
	return records, nil
}

// Under another name first, so that it is there whole or not at all.
func (s *store) write(kind string, written *record) error {
	text, err := json.Marshal(written)
	if err != nil {
		return err
	}
	path := filepath.Join(s.folder(kind, written.ID), "record.json")
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Begins with what is at `from`, or with nothing.
func (s *store) fill(kind string, made *record, from string) error {
	content := s.content(kind, made.ID)
	if err := os.RemoveAll(s.folder(kind, made.ID)); err != nil {
		return err
	}
	if err := os.MkdirAll(s.folder(kind, made.ID), 0o755); err != nil {
		return err
	}
	switch {
	case made.Block:
		if err := copyFile(from, content); err != nil {
			return err
		}
		if kind == volumes {
			return os.Truncate(content, made.Bytes)
		}
	case from == "":
		if err := os.Mkdir(content, 0o777); err != nil {
			return err
		}
		return os.Chmod(content, 0o777)
	default:
		return os.CopyFS(content, os.DirFS(from))
	}
	return nil
}

func copyFile(from, to string) error {
	text := []byte{}
	if from != "" {
		read, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		text = read
	}
	return os.WriteFile(to, text, 0o600)
}
