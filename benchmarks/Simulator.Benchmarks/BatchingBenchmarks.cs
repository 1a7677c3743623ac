using Akka.Actor;
using BenchmarkDotNet.Attributes;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Benchmarks;

/// <summary>Rounds of the batching actor: cells of 50 clients ask what their policies do with one observation each, and all answers come back. Messages and gathering, with the operation.</summary>
[MemoryDiagnoser]
public class BatchingBenchmarks
{
    private const int ClientsEach = 50;

    private ActorSystem _system = null!;
    private IActorRef _asker = null!;

    /// <summary>Cells whose rounds meet.</summary>
    [Params(1, 16)]
    public int Cells { get; set; }

    /// <summary>Makes device and asker.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        _system = ActorSystem.Create("benchmarks", SimulatorSystem.Configuration);
        var device = _system.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default), "device");
        var ready = new TaskCompletionSource();
        var cells = Cells;
        _asker = _system.ActorOf(Props.Create(() => new Asker(device, cells, ready)), "asker");
        await ready.Task.ConfigureAwait(false);
    }

    /// <summary>Ends the actor system.</summary>
    [GlobalCleanup]
    public Task CleanupAsync() => _system.Terminate();

    /// <summary>A round of each cell.</summary>
    [Benchmark]
    public Task Round()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _asker.Tell(done);
        return done.Task;
    }

    /// <summary>Asks for all clients, and waits for all answers.</summary>
    private sealed class Asker : ReceiveActor
    {
        private readonly IActorRef _device;
        private readonly int _cells;
        private readonly List<PoliciesReserved> _policies = [];
        private readonly HostPayload _observation = new(Draws.Uniform(Observation.Width));
        private TaskCompletionSource? _done;
        private int _answers;
        private int _step;

        public Asker(IActorRef device, int cells, TaskCompletionSource ready)
        {
            _device = device;
            _cells = cells;
            Receive<PoliciesReserved>(m =>
            {
                _policies.Add(m);
                if (_policies.Count == cells)
                {
                    ready.SetResult();
                }
            });
            Receive<TaskCompletionSource>(Ask);
            Receive<Inferred>(_ =>
            {
                if (++_answers == _cells * ClientsEach)
                {
                    _done!.SetResult();
                }
            });
        }

        protected override void PreStart()
        {
            for (var c = 0; c < _cells; c++)
            {
                _device.Tell(new ReservePolicies(CellMembers.PolicyOf(new CellOptions()), ClientsEach, 1e-4, 0));
            }
        }

        private void Ask(TaskCompletionSource done)
        {
            (_done, _answers) = (done, 0);
            var turn = new Turn(0, Phase.Training, 1, _step++);
            foreach (var policies in _policies)
            {
                for (var i = 0; i < ClientsEach; i++)
                {
                    _device.Tell(new Infer(new PolicySlot(policies.Reservation, policies.First + i), i, turn, ClientsEach, 1, _observation));
                }
            }
        }
    }
}
