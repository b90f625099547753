// A file system that passes everything on to another folder and keeps writers waiting: each write
// and each sync takes a given time longer. Several at a time wait each for itself.
//
// It runs until it gets SIGTERM or SIGINT, and unmounts then. It needs /dev/fuse and the right to
// mount.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "slow disk:", err)
		os.Exit(1)
	}
}

func run() error {
	folder := flag.String("folder", "", "where the files really are")
	mount := flag.String("mount", "", "an empty folder to mount on")
	delay := flag.Duration("delay", 200*time.Millisecond, "what each write and sync takes longer")
	flag.Parse()
	if *folder == "" || *mount == "" || flag.NArg() > 0 {
		return fmt.Errorf("usage: --folder F --mount M [--delay 200ms]")
	}
	root, err := newRoot(*folder, *delay)
	if err != nil {
		return err
	}
	options := &fs.Options{MountOptions: fuse.MountOptions{
		DirectMountStrict: true,
		FsName:            "slow-disk",
		Name:              "slow-disk",
		// So many may wait at a time before the kernel itself holds others back.
		MaxBackground: 512,
	}}
	server, err := fs.Mount(*mount, root, options)
	if err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	fmt.Println("ready")
	<-ended
	// Lazily: whoever still has a file open must not keep the mount.
	if err := syscall.Unmount(*mount, syscall.MNT_DETACH); err != nil {
		return err
	}
	server.Wait()
	return nil
}

// node is a file or a folder of the other file system.
type node struct {
	fs.LoopbackNode
	delay time.Duration
}

// passingFile is an open file that passes on. That the kernel could pass it by is left out here: it
// would write without asking us.
type passingFile interface {
	fs.FileAllocater
	fs.FileFlusher
	fs.FileFsyncer
	fs.FileGetattrer
	fs.FileReader
	fs.FileReleaser
	fs.FileSetattrer
	fs.FileWriter
}

// slowFile is one that keeps writers waiting.
type slowFile struct {
	passingFile
	delay time.Duration
}

func newRoot(folder string, delay time.Duration) (fs.InodeEmbedder, error) {
	var status syscall.Stat_t
	if err := syscall.Stat(folder, &status); err != nil {
		return nil, err
	}
	root := &fs.LoopbackRoot{Path: folder, Dev: uint64(status.Dev)}
	root.NewNode = func(data *fs.LoopbackRoot, _ *fs.Inode, _ string, _ *syscall.Stat_t) fs.InodeEmbedder {
		return &node{fs.LoopbackNode{RootData: data}, delay}
	}
	top := root.NewNode(root, nil, "", &status)
	root.RootNode = top
	return top, nil
}

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	file, answer, errno := n.LoopbackNode.Open(ctx, flags)
	return n.slow(file), answer, errno
}

func (n *node) Create(
	ctx context.Context,
	name string,
	flags uint32,
	mode uint32,
	out *fuse.EntryOut,
) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	inode, file, answer, errno := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	return inode, n.slow(file), answer, errno
}

func (n *node) slow(file fs.FileHandle) fs.FileHandle {
	if passing, can := file.(passingFile); can {
		return &slowFile{passing, n.delay}
	}
	return file
}

func (f *slowFile) Write(ctx context.Context, data []byte, at int64) (uint32, syscall.Errno) {
	time.Sleep(f.delay)
	return f.passingFile.Write(ctx, data, at)
}

func (f *slowFile) Fsync(ctx context.Context, flags uint32) syscall.Errno {
	time.Sleep(f.delay)
	return f.passingFile.Fsync(ctx, flags)
}
