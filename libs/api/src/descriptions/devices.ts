// Devices: the classes they belong to, requests for them, and what drivers offer.
import type { Descriptions } from './descriptions.ts';

const request = {
  deviceClassName: 'The class that the devices are of.',
  selectors: 'Expressions that each device must satisfy, beside those of its class.',
  allocationMode: 'ExactCount for as many devices as count says, All for every device that fits.',
  count: 'How many devices are asked for; 1 by default.',
  tolerations: 'Taints of devices that are put up with; behind a feature gate that is off.',
  capacity: 'How much of a shared device is asked for; behind a feature gate that is off.',
};
const configuration = { opaque: 'Parameters that only the driver understands.' };
const device = {
  driver: 'The driver that the device belongs to.',
  pool: 'The pool that it is listed in.',
  device: 'Its name within the pool.',
  shareID: 'Which share of the device it is, where several share it; behind a feature gate that is off.',
};
const conditions = {
  bindingConditions: 'Conditions that must be true before a pod is bound; behind a feature gate that is off.',
  bindingFailureConditions: 'Conditions of which none may be true for that; behind a feature gate that is off.',
};
const placement = {
  nodeName: 'The one node that has them.',
  nodeSelector: 'Which nodes can reach them.',
  allNodes: 'Whether every node can reach them.',
};

const claimDescriptions: Descriptions = {
  'resource.v1.ResourceClaimSpec': { '': 'What a claim asks for.', devices: 'The devices that are asked for.' },
  'resource.v1.DeviceClaim': {
    '': 'Requests for devices that belong together.',
    requests: 'Each request; all must be met.',
    constraints: 'What must hold between the devices.',
    config: 'How they are set up.',
  },
  'resource.v1.DeviceRequest': {
    '': 'Asks for one or more devices that are alike.',
    name: 'The name by which containers and constraints refer to it.',
    exactly: 'What it asks for, if that is one thing.',
    firstAvailable: 'Alternatives, of which the first that can be had is taken.',
  },
  'resource.v1.ExactDeviceRequest': {
    '': 'Devices of a class.',
    ...request,
    adminAccess: 'Whether devices are to be watched over while others use them; for namespaces with a label that allows it.',
  },
  'resource.v1.DeviceSubRequest': { '': 'An alternative of a request.', name: 'Its name within the request.', ...request },
  'resource.v1.CapacityRequirements': { '': 'How much of a device is asked for.', requests: 'Amounts by the name of the capacity.' },
  'resource.v1.DeviceSelector': { '': 'Selects devices.', cel: 'An expression that says so.' },
  'resource.v1.CELDeviceSelector': {
    '': 'An expression in CEL that selects devices.',
    expression: 'True for devices that fit; it sees device.driver, device.attributes and device.capacity.',
  },
  'resource.v1.DeviceConstraint': {
    '': 'What must hold between devices of a claim.',
    requests: 'The requests whose devices are meant; all of them by default.',
    matchAttribute: 'An attribute that must have one value in all of them.',
    distinctAttribute: 'An attribute that must differ between them; behind a feature gate that is off.',
  },
  'resource.v1.DeviceClaimConfiguration': {
    '': 'How devices of a claim are set up.',
    requests: 'The requests whose devices are meant; all of them by default.',
    ...configuration,
  },
  'resource.v1.OpaqueDeviceConfiguration': {
    '': 'Parameters for a driver.',
    driver: 'The driver that they are for.',
    parameters: 'Any object, which only the driver looks into.',
  },
  'resource.v1.DeviceToleration': {
    '': 'Taints of devices that are put up with.',
    key: 'The taint; all of them when it is empty.',
    operator: 'Equal to compare the value, Exists for any.',
    value: 'The value to compare with.',
    effect: 'The effect that is put up with; every one when it is empty.',
    tolerationSeconds: 'For how long NoExecute is put up with; for ever by default.',
  },
  'resource.v1.ResourceClaimTemplateSpec': {
    '': 'What claims are made from.',
    metadata: 'Labels and annotations of the claims.',
    spec: 'What each of them asks for.',
  },
};

const statusDescriptions: Descriptions = {
  'resource.v1.ResourceClaimStatus': {
    '': 'What a claim got.',
    allocation: 'What was allocated; nothing yet when it is absent.',
    reservedFor: 'Who may use it now, such as pods.',
    devices: 'What drivers say of the devices.',
  },
  'resource.v1.AllocationResult': {
    '': 'What was allocated for a claim.',
    devices: 'The devices.',
    nodeSelector: 'From which nodes they can be reached; from every one when it is absent.',
    allocationTimestamp: 'When they were allocated.',
  },
  'resource.v1.DeviceAllocationResult': { '': 'Allocated devices.', results: 'Each of them.', config: 'How they are set up.' },
  'resource.v1.DeviceRequestAllocationResult': {
    '': 'A device that was allocated.',
    request: 'The request that it is for, or the alternative of one.',
    ...device,
    adminAccess: 'Whether it is only watched over.',
    tolerations: 'Taints that are put up with.',
    ...conditions,
    consumedCapacity: 'How much of it was taken; behind a feature gate that is off.',
  },
  'resource.v1.DeviceAllocationConfiguration': {
    '': 'How allocated devices are set up.',
    source: 'Where this comes from: FromClass or FromClaim.',
    requests: 'The requests whose devices are meant; all of them by default.',
    ...configuration,
  },
  'resource.v1.ResourceClaimConsumerReference': {
    '': 'Who uses what was allocated.',
    apiGroup: 'The group of the kind; empty for core.',
    resource: 'The kind in the plural, such as pods.',
    name: 'The name of the user.',
    uid: 'Which of that name it is.',
  },
  'resource.v1.AllocatedDeviceStatus': {
    '': 'What a driver says of a device that was allocated.',
    ...device,
    conditions: 'What is so, and since when.',
    data: 'Whatever else the driver says.',
    networkData: 'What it is in the network.',
  },
  'resource.v1.NetworkDeviceData': {
    '': 'What a device is in the network.',
    interfaceName: 'The interface that it is.',
    ips: 'Its addresses, each with the prefix of its network.',
    hardwareAddress: 'Its address in hardware, such as a MAC address.',
  },
};

const sliceDescriptions: Descriptions = {
  'resource.v1.DeviceClassSpec': {
    '': 'What a class consists of.',
    selectors: 'Expressions that each device must satisfy.',
    config: 'How devices of the class are set up.',
    extendedResourceName: 'The resource by which containers ask for it; behind a feature gate that is off.',
  },
  'resource.v1.DeviceClassConfiguration': { '': 'How devices of a class are set up.', ...configuration },
  'resource.v1.ResourceSliceSpec': {
    '': 'What a slice holds.',
    driver: 'The driver that offers the devices.',
    pool: 'The pool that the slice is a part of.',
    ...placement,
    devices: 'The devices; at most 128.',
    perDeviceNodeSelection: 'Whether each device says where it is; behind a feature gate that is off.',
    sharedCounters: 'Counters that devices share; behind a feature gate that is off.',
  },
  'resource.v1.ResourcePool': {
    '': 'Slices that belong together.',
    name: 'The name of the pool; often that of a node.',
    generation: 'Which state of the pool the slice is of; older ones do not count.',
    resourceSliceCount: 'How many slices there are of that state.',
  },
  'resource.v1.Device': {
    '': 'One device.',
    name: 'Its name within the pool.',
    attributes: 'What it is like, by name.',
    capacity: 'How much it has, by name.',
    consumesCounters: 'What it takes from counters; behind a feature gate that is off.',
    ...placement,
    taints: 'What keeps others away from it; behind a feature gate that is off.',
    bindsToNode: 'Whether its claim is tied to one node; behind a feature gate that is off.',
    ...conditions,
    allowMultipleAllocations: 'Whether several share it; behind a feature gate that is off.',
  },
  'resource.v1.DeviceAttribute': {
    '': 'A value of one of four types.',
    int: 'A whole number.',
    bool: 'Whether something is so.',
    string: 'A text of at most 64 bytes.',
    version: 'A semantic version, such as 1.2.3.',
  },
  'resource.v1.DeviceCapacity': {
    '': 'An amount of something.',
    value: 'How much there is.',
    requestPolicy: 'How much one request may take.',
  },
  'resource.v1.CapacityRequestPolicy': {
    '': 'Bounds for what one request takes.',
    default: 'What is taken unless more is asked for.',
    validValues: 'The amounts that can be taken.',
    validRange: 'Between which amounts it can be.',
  },
  'resource.v1.CapacityRequestPolicyRange': {
    '': 'Bounds of an amount.',
    min: 'The least that can be taken.',
    max: 'The most that can be taken.',
    step: 'By which step beyond the least.',
  },
  'resource.v1.CounterSet': { '': 'Counters that devices share.', name: 'The name of the set.', counters: 'Each of them, by name.' },
  'resource.v1.Counter': { '': 'An amount that is shared.', value: 'How much there is.' },
  'resource.v1.DeviceCounterConsumption': {
    '': 'What a device takes from counters.',
    counterSet: 'The set that it takes from.',
    counters: 'How much of each.',
  },
  'resource.v1.DeviceTaint': {
    '': 'Keeps others away from a device.',
    key: 'Its name, as of a label.',
    value: 'More about it.',
    effect: 'What it does: None, NoSchedule or NoExecute.',
    timeAdded: 'Since when it is there.',
  },
};

export const deviceDescriptions: Descriptions = { ...claimDescriptions, ...statusDescriptions, ...sliceDescriptions };
