package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	ephemeralKey   = "csi.storage.k8s.io/ephemeral"
	volumesPerNode = 20
)

func (d *driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	answer := &csi.NodeGetCapabilitiesResponse{}
	for _, kind := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
		csi.NodeServiceCapability_RPC_GET_VOLUME_STATS,
	} {
		rpc := &csi.NodeServiceCapability_Rpc{Rpc: &csi.NodeServiceCapability_RPC{Type: kind}}
		answer.Capabilities = append(answer.Capabilities, &csi.NodeServiceCapability{Type: rpc})
	}
	return answer, nil
}

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	topology := &csi.Topology{Segments: map[string]string{topologyKey: d.node}}
	return &csi.NodeGetInfoResponse{NodeId: d.node, MaxVolumesPerNode: volumesPerNode, AccessibleTopology: topology}, nil
}

func (d *driver) NodeStageVolume(_ context.Context, request *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	if request.PublishContext[attachedKey] != d.node {
		return nil, status.Error(codes.FailedPrecondition, "the volume is not attached to this node")
	}
	if found.Block {
		return &csi.NodeStageVolumeResponse{}, nil
	}
	return &csi.NodeStageVolumeResponse{}, bind(d.store.content(volumes, found.ID), request.StagingTargetPath, false)
}

func (d *driver) NodeUnstageVolume(_ context.Context, request *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	return &csi.NodeUnstageVolumeResponse{}, unmount(request.StagingTargetPath)
}

func (d *driver) NodePublishVolume(_ context.Context, request *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	if request.VolumeContext[ephemeralKey] == "true" {
		if err := d.publishEphemeral(request); err != nil {
			return nil, err
		}
		return &csi.NodePublishVolumeResponse{}, nil
	}
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	if found.Block {
		return &csi.NodePublishVolumeResponse{}, publishDevice(d.store.content(volumes, found.ID), request.TargetPath)
	}
	if isMounted, err := mounted(request.StagingTargetPath); err != nil || !isMounted {
		return nil, status.Errorf(codes.FailedPrecondition, "the volume is not staged (%v)", err)
	}
	if err := os.MkdirAll(request.TargetPath, 0o750); err != nil {
		return nil, err
	}
	return &csi.NodePublishVolumeResponse{}, bind(request.StagingTargetPath, request.TargetPath, request.Readonly)
}

// Its volume comes and goes with the pod.
func (d *driver) publishEphemeral(request *csi.NodePublishVolumeRequest) error {
	if _, err := d.store.find(volumes, request.VolumeId); status.Code(err) == codes.NotFound {
		made := &record{ID: request.VolumeId, Name: request.VolumeId}
		if err := d.make(made, nil); err != nil {
			return err
		}
	}
	content := d.store.content(volumes, request.VolumeId)
	for key, value := range request.VolumeContext {
		if filepath.Base(key) == key {
			if err := os.WriteFile(filepath.Join(content, key), []byte(value), 0o644); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(request.TargetPath, 0o750); err != nil {
		return err
	}
	return bind(content, request.TargetPath, request.Readonly)
}

func (d *driver) NodeUnpublishVolume(_ context.Context, request *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	if err := unpublish(request.TargetPath); err != nil {
		return nil, err
	}
	found, err := d.store.find(volumes, request.VolumeId)
	if err == nil && found.Block {
		err = releaseLoop(d.store.content(volumes, found.ID))
	}
	// Only an ephemeral one goes by its own name.
	if err == nil && found.Name == found.ID {
		err = os.RemoveAll(d.store.folder(volumes, found.ID))
	}
	if status.Code(err) == codes.NotFound {
		err = nil
	}
	return &csi.NodeUnpublishVolumeResponse{}, err
}

func (d *driver) NodeExpandVolume(_ context.Context, request *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	if found.Block {
		if err := enlargeDevice(d.store.content(volumes, found.ID)); err != nil {
			return nil, err
		}
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: found.Bytes}, nil
}

func (d *driver) NodeGetVolumeStats(_ context.Context, request *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	usage := &csi.VolumeUsage{Unit: csi.VolumeUsage_BYTES, Total: found.Bytes}
	if !found.Block {
		disk := unix.Statfs_t{}
		if err := unix.Statfs(request.VolumePath, &disk); err != nil {
			return nil, err
		}
		usage.Available = min(found.Bytes, int64(disk.Bavail)*disk.Bsize)
		usage.Used = found.Bytes - usage.Available
	}
	return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{usage}}, nil
}
