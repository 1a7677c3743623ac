using Akka.Actor;
using Simulator.Compute;
using Simulator.Environment;

namespace Simulator.Cells;

/// <summary>The networks of a cell on its device: what is asked for, and where they are when the device has answered.</summary>
/// <param name="options">The cell's options.</param>
/// <param name="sharedCritic">Reservation of the critic that the cell shares with others; null where it has its own.</param>
/// <param name="spread">Whether the policies are elsewhere.</param>
internal sealed class CellReservation(CellOptions options, int? sharedCritic, bool spread)
{
    private PolicySlot? _policies = spread ? default(PolicySlot) : null;
    private int? _ownCritic;

    /// <summary>Asks the device for the policies, and for a critic where the cell has its own.</summary>
    /// <returns>All places, where nothing had to be asked for.</returns>
    internal (PolicySlot Policies, int Critic)? Ask(IActorRef device)
    {
        if (!spread)
        {
            device.Tell(PoliciesOf(options, 0, CellMembers.PoliciesOf(options)));
        }

        if (sharedCritic is null)
        {
            device.Tell(new DeviceProtocol.ReserveCritic(
                CellMembers.CriticOf(options),
                options.Clients,
                Observation.Width,
                options.Learning.CriticRate,
                CellMembers.MaxGradientNormOf(options),
                CellMembers.TauOf(options),
                CellMembers.RegularisationOf(options),
                CellMembers.CriticRecyclingOf(options)));
        }

        return Places;
    }

    /// <summary>What is asked of a device for policies of a cell.</summary>
    /// <param name="options">The cell's options.</param>
    /// <param name="first">Client of the first policy.</param>
    /// <param name="count">Policies.</param>
    internal static DeviceProtocol.ReservePolicies PoliciesOf(CellOptions options, int first, int count) => new(
        CellMembers.PolicyOf(options),
        count,
        options.Learning.ActorRate,
        CellMembers.MaxGradientNormOf(options),
        CellMembers.TauOf(options),
        CellMembers.RegularisationOf(options),
        CellMembers.PolicyRecyclingOf(options, first));

    /// <summary>Takes in where the policies are.</summary>
    /// <returns>All places, where they are known by now.</returns>
    internal (PolicySlot Policies, int Critic)? Add(DeviceProtocol.PoliciesReserved message)
    {
        _policies = new PolicySlot(message.Reservation, message.First);
        return Places;
    }

    /// <summary>Takes in where the critic is.</summary>
    /// <returns>All places, where they are known by now.</returns>
    internal (PolicySlot Policies, int Critic)? Add(DeviceProtocol.CriticReserved message)
    {
        _ownCritic = message.Reservation;
        return Places;
    }

    private (PolicySlot Policies, int Critic)? Places => _policies is { } policies && (_ownCritic ?? sharedCritic) is { } critic ? (policies, critic) : null;
}
