// Checks a log folder with Tessera's own library: every entry bundle, every tile and the signed checkpoint.
//
//	verify DIR PUBLIC_KEY_FILE
//
// Exit 0 and one line "ok" where all of it fits together, exit 1 and the reason on standard error otherwise.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

// The checker waits for ever on some damage: after this time the log counts as damaged.
const limit = 90 * time.Second

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: %s DIR PUBLIC_KEY_FILE", os.Args[0]))
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
	fmt.Println("ok")
}

func check(directory, keyFile string) error {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	files := &client.FileFetcher{Root: directory}
	checker := fsck.New(verifier.Name(), verifier, files, leafHashes, fsck.Opts{N: 2})
	result := make(chan error, 1)
	go func() { result <- checker.Check(ctx) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(parsed.Entries))
	for number, entry := range parsed.Entries {
		hashes[number] = rfc6962.DefaultHasher.HashLeaf(entry)
	}
	return hashes, nil
}

func fail(err error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Fprintln(os.Stderr, first)
	os.Exit(1)
}
