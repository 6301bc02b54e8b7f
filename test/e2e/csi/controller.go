package main

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	volumes   = "volumes"
	snapshots = "snapshots"
	// Beyond it the driver refuses.
	bytesMax    = 10 << 30
	topologyKey = "topology.folders.csi.berth.example/node"
	attachedKey = "attached-to"
)

func (d *driver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	answer := &csi.ControllerGetCapabilitiesResponse{}
	for _, kind := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_PUBLISH_UNPUBLISH_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
		csi.ControllerServiceCapability_RPC_EXPAND_VOLUME,
		csi.ControllerServiceCapability_RPC_GET_CAPACITY,
	} {
		rpc := &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: kind}}
		answer.Capabilities = append(answer.Capabilities, &csi.ControllerServiceCapability{Type: rpc})
	}
	return answer, nil
}

func (d *driver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	id := idOf(request.Name)
	bytes := max(request.CapacityRange.GetRequiredBytes(), 1<<20)
	if bytes > bytesMax {
		return nil, status.Errorf(codes.OutOfRange, "%d bytes are more than %d", bytes, bytesMax)
	}
	found, err := d.store.find(volumes, id)
	if status.Code(err) == codes.NotFound {
		found = &record{ID: id, Name: request.Name, Bytes: bytes, Made: time.Now().Unix()}
		for _, capability := range request.VolumeCapabilities {
			found.Block = found.Block || capability.GetBlock() != nil
		}
		err = d.make(found, request.VolumeContentSource)
	}
	if err != nil {
		return nil, err
	}
	if found.Bytes < bytes {
		return nil, status.Errorf(codes.AlreadyExists, "volume %q is there with %d bytes", request.Name, found.Bytes)
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId:           id,
		CapacityBytes:      found.Bytes,
		ContentSource:      request.VolumeContentSource,
		AccessibleTopology: []*csi.Topology{{Segments: map[string]string{topologyKey: d.node}}},
	}}, nil
}

func (d *driver) make(made *record, source *csi.VolumeContentSource) error {
	from := ""
	for kind, id := range map[string]string{
		snapshots: source.GetSnapshot().GetSnapshotId(),
		volumes:   source.GetVolume().GetVolumeId(),
	} {
		if id == "" {
			continue
		}
		if _, err := d.store.find(kind, id); err != nil {
			return err
		}
		from = d.store.content(kind, id)
	}
	if err := d.store.fill(volumes, made, from); err != nil {
		return err
	}
	return d.store.write(volumes, made)
}

func (d *driver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if status.Code(err) == codes.NotFound {
		return &csi.DeleteVolumeResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(found.Attached) > 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "volume is attached to %v", found.Attached)
	}
	return &csi.DeleteVolumeResponse{}, os.RemoveAll(d.store.folder(volumes, found.ID))
}

func (d *driver) ControllerPublishVolume(_ context.Context, request *csi.ControllerPublishVolumeRequest) (*csi.ControllerPublishVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	if request.NodeId != d.node {
		return nil, status.Errorf(codes.NotFound, "there is no node %q", request.NodeId)
	}
	if !slices.Contains(found.Attached, request.NodeId) {
		found.Attached = append(found.Attached, request.NodeId)
		if err := d.store.write(volumes, found); err != nil {
			return nil, err
		}
	}
	return &csi.ControllerPublishVolumeResponse{PublishContext: map[string]string{attachedKey: request.NodeId}}, nil
}

func (d *driver) ControllerUnpublishVolume(_ context.Context, request *csi.ControllerUnpublishVolumeRequest) (*csi.ControllerUnpublishVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if status.Code(err) == codes.NotFound {
		return &csi.ControllerUnpublishVolumeResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	if staged, err := isMountedFrom(d.store.content(volumes, found.ID)); err != nil || staged {
		return nil, status.Errorf(codes.FailedPrecondition, "the node still has it mounted (%v)", err)
	}
	found.Attached = slices.DeleteFunc(found.Attached, func(node string) bool { return node == request.NodeId })
	return &csi.ControllerUnpublishVolumeResponse{}, d.store.write(volumes, found)
}

func (d *driver) ControllerExpandVolume(_ context.Context, request *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	found, err := d.store.find(volumes, request.VolumeId)
	if err != nil {
		return nil, err
	}
	bytes := request.CapacityRange.GetRequiredBytes()
	if bytes > bytesMax {
		return nil, status.Errorf(codes.OutOfRange, "%d bytes are more than %d", bytes, bytesMax)
	}
	found.Bytes = max(found.Bytes, bytes)
	if found.Block {
		if err := os.Truncate(d.store.content(volumes, found.ID), found.Bytes); err != nil {
			return nil, err
		}
	}
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: found.Bytes, NodeExpansionRequired: true}, d.store.write(volumes, found)
}

func (d *driver) GetCapacity(context.Context, *csi.GetCapacityRequest) (*csi.GetCapacityResponse, error) {
	return &csi.GetCapacityResponse{AvailableCapacity: bytesMax}, nil
}

func (d *driver) ValidateVolumeCapabilities(_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	if _, err := d.store.find(volumes, request.VolumeId); err != nil {
		return nil, err
	}
	confirmed := &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: request.VolumeCapabilities}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: confirmed}, nil
}

func (d *driver) CreateSnapshot(_ context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	id := idOf(request.Name)
	found, err := d.store.find(snapshots, id)
	if status.Code(err) == codes.NotFound {
		source, missing := d.store.find(volumes, request.SourceVolumeId)
		if missing != nil {
			return nil, missing
		}
		found = &record{ID: id, Name: request.Name, Bytes: source.Bytes, Block: source.Block, Source: source.ID, Made: time.Now().Unix()}
		if err = d.store.fill(snapshots, found, d.store.content(volumes, source.ID)); err == nil {
			err = d.store.write(snapshots, found)
		}
	}
	if err != nil {
		return nil, err
	}
	if found.Source != request.SourceVolumeId {
		return nil, status.Errorf(codes.AlreadyExists, "snapshot %q is of another volume", request.Name)
	}
	return &csi.CreateSnapshotResponse{Snapshot: &csi.Snapshot{
		SnapshotId:     id,
		SourceVolumeId: found.Source,
		SizeBytes:      found.Bytes,
		CreationTime:   timestamppb.New(time.Unix(found.Made, 0)),
		ReadyToUse:     true,
	}}, nil
}

func (d *driver) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	return &csi.DeleteSnapshotResponse{}, os.RemoveAll(d.store.folder(snapshots, request.SnapshotId))
}
