// Command interop makes and checks logs with code that this project did not write: Tessera, transparency-dev/merkle and
// golang.org/x/mod. The driver is run.ts.
//
//	interop make <dir> <entries>     a log in dir; prints its keys as JSON
//	interop check <dir> <file.json>  checks the log in dir, and claims made about it
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	origin   = "foreign.example/log"
	batch    = 300 // so that the log grows in several steps, none of them a whole tile
	maxEntry = 65535
)

// claims is what run.ts says about a log of ours; bytes are base64.
type claims struct {
	VKey        string `json:"vkey"`
	WitnessVKey string `json:"witnessVkey"`
	Inclusion   []struct {
		LeafHash  []byte   `json:"leafHash"`
		LeafIndex uint64   `json:"leafIndex"`
		TreeSize  uint64   `json:"treeSize"`
		Proof     [][]byte `json:"proof"`
		Root      []byte   `json:"root"`
	} `json:"inclusion"`
	Consistency []struct {
		Size1 uint64   `json:"size1"`
		Size2 uint64   `json:"size2"`
		Root1 []byte   `json:"root1"`
		Root2 []byte   `json:"root2"`
		Proof [][]byte `json:"proof"`
	} `json:"consistency"`
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: interop make <dir> <entries> | interop check <dir> <file.json>")
	}
	if args[0] == "make" {
		entries, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return makeLog(ctx, args[1], entries)
	}
	return checkLog(ctx, args[1], args[2])
}

// makeLog has Tessera write a log, and a witness cosign its checkpoint.
func makeLog(ctx context.Context, dir string, entries int) error {
	secret, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(batch, 50*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	var futures []tessera.IndexFuture
	for i := range entries {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry(entry(i))))
	}
	for _, future := range futures {
		if _, _, err := awaiter.Await(ctx, future); err != nil {
			return err
		}
	}
	if err := shutdown(ctx); err != nil {
		return err
	}
	witnessVKey, err := cosign(filepath.Join(dir, "checkpoint"), vkey)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(claims{VKey: vkey, WitnessVKey: witnessVKey})
}

func entry(i int) []byte {
	if i == 7 {
		return bytes.Repeat([]byte{0xff}, maxEntry)
	}
	return fmt.Appendf(nil, "foreign entry %d", i)
}

func cosign(path, vkey string) (string, error) {
	secret, public, err := note.GenerateKey(rand.Reader, "witness.example/w1")
	if err != nil {
		return "", err
	}
	signer, err := f_note.NewSignerForCosignatureV1(secret)
	if err != nil {
		return "", err
	}
	opened, err := openWith(path, vkey)
	if err != nil {
		return "", err
	}
	signed, err := note.Sign(opened, signer)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, signed, 0o644); err != nil {
		return "", err
	}
	return f_note.VKeyToCosignatureV1(public)
}

func openWith(path, vkey string) (*note.Note, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	signed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return note.Open(signed, note.VerifierList(verifier))
}

// checkLog is Tessera's fsck, then every claim by transparency-dev/merkle, then the witness's cosignature.
func checkLog(ctx context.Context, dir, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var said claims
	if err := json.Unmarshal(text, &said); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(said.VKey)
	if err != nil {
		return fmt.Errorf("verifier key: %w", err)
	}
	source := &client.FileFetcher{Root: dir}
	if err := fsck.New(verifier.Name(), verifier, source, leafHashes, fsck.Opts{N: 2}).Check(ctx); err != nil {
		return fmt.Errorf("fsck: %w", err)
	}
	for _, c := range said.Inclusion {
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, c.LeafIndex, c.TreeSize, c.LeafHash, c.Proof, c.Root); err != nil {
			return fmt.Errorf("inclusion of leaf %d in %d: %w", c.LeafIndex, c.TreeSize, err)
		}
	}
	for _, c := range said.Consistency {
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, c.Size1, c.Size2, c.Proof, c.Root1, c.Root2); err != nil {
			return fmt.Errorf("consistency of %d and %d: %w", c.Size1, c.Size2, err)
		}
	}
	witness, err := f_note.NewVerifierForCosignatureV1(said.WitnessVKey)
	if err != nil {
		return fmt.Errorf("witness key: %w", err)
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier, witness))
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if len(opened.Sigs) != 2 {
		return fmt.Errorf("checkpoint: %d of 2 signatures verified", len(opened.Sigs))
	}
	fmt.Printf("%d inclusion and %d consistency proofs\n", len(said.Inclusion), len(said.Consistency))
	return nil
}

func leafHashes(bundle []byte) ([][]byte, error) {
	parsed := &api.EntryBundle{}
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range parsed.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
