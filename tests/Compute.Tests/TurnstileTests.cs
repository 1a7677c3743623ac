using Akka.Actor;
using Akka.TestKit.Xunit;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute.Tests;

/// <summary>Cells go into their episodes a few at a time, in the order in which they come.</summary>
public sealed class TurnstileTests : TestKit
{
    private static readonly NetworkArchitecture Policy = NetworkArchitecture.Actor(PolicyVariant.Baseline, 7, 3);

    public TurnstileTests()
        : base("akka.loglevel = OFF\n" + BatchingActor.Configuration)
    {
    }

    [Fact]
    public void As_many_cells_go_in_as_there_are_places_and_the_next_when_one_comes_back()
    {
        var (device, a, b, c) = Start(places: 2);
        foreach (var cell in new[] { a, b, c })
            device.Tell(Enter.Instance, cell);
        a.ExpectMsg<Entered>();
        b.ExpectMsg<Entered>();
        Silent(device, c);

        device.Tell(Enter.Instance, a);
        c.ExpectMsg<Entered>();
        Silent(device, a);

        device.Tell(Leave.Instance, b);
        a.ExpectMsg<Entered>();
    }

    [Fact]
    public void A_cell_alone_goes_in_again_at_once()
    {
        var (device, a, _, _) = Start(places: 1);
        for (var episode = 0; episode < 3; episode++)
        {
            device.Tell(Enter.Instance, a);
            a.ExpectMsg<Entered>();
        }
    }

    [Fact]
    public void The_place_of_a_cell_that_ends_is_free_and_one_that_ends_in_the_queue_is_passed_over()
    {
        var (device, a, b, c) = Start(places: 1);
        foreach (var cell in new[] { a, b, c })
            device.Tell(Enter.Instance, cell);
        a.ExpectMsg<Entered>();
        Watch(b);
        Sys.Stop(b);
        ExpectTerminated(b);
        Sys.Stop(a);

        c.ExpectMsg<Entered>();
    }

    private (IActorRef Device, Akka.TestKit.TestProbe A, Akka.TestKit.TestProbe B, Akka.TestKit.TestProbe C) Start(int places)
    {
        var device = Sys.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, new BatchingOptions(TimeSpan.Zero, places)));
        Akka.TestKit.TestProbe Cell()
        {
            var cell = CreateTestProbe();
            device.Tell(new ReservePolicies(Policy, 1, 0, 0), cell);
            cell.ExpectMsg<PoliciesReserved>();
            return cell;
        }

        return (device, Cell(), Cell(), Cell());
    }

    /// <summary>The device has worked off what was sent to it, and told the cell nothing.</summary>
    private void Silent(IActorRef device, Akka.TestKit.TestProbe cell)
    {
        device.Tell(new ReservePolicies(Policy, 1, 0, 0), TestActor);
        ExpectMsg<PoliciesReserved>();
        Assert.False(cell.HasMessages);
    }
}
