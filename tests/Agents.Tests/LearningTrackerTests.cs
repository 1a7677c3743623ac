using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class LearningTrackerTests
{
    private const int Window = 10;

    private readonly LearningTracker _tracker = new(Window);
    private int _episode = 1;

    [Fact]
    public void An_agent_that_moves_with_open_outputs_is_learning()
    {
        Updates(30);

        Assert.Equal(AgentState.Learning, _tracker.State);
        Assert.Equal(default, _tracker.Outcomes);
    }

    [Fact]
    public void Saturation_begins_above_nine_tenths_and_can_be_left_while_its_onset_stays()
    {
        Updates(3, saturation: 0.9);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Updates(1, saturation: 0.901);
        Assert.Equal(AgentState.Saturated, _tracker.State);
        Updates(1, saturation: 0.5);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Updates(1, saturation: 1);
        Assert.Equal(AgentState.Saturated, _tracker.State);

        Assert.Equal(new AgentOutcomes(0, SaturationOnset: 5, 0, 0), _tracker.Outcomes);
    }

    [Fact]
    public void A_gradient_of_zero_for_a_whole_window_is_its_death_dated_to_the_first()
    {
        Updates(4);
        Updates(Window - 1, gradient: 0);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Assert.Equal(0, _tracker.Outcomes.GradientDeath);
        Updates(1, gradient: 0);
        Assert.Equal(AgentState.Dead, _tracker.State);
        Updates(3, gradient: 0);

        Assert.Equal(new AgentOutcomes(0, 0, GradientDeath: 6, 0), _tracker.Outcomes);
    }

    [Fact]
    public void A_gradient_that_returns_within_the_window_starts_it_anew()
    {
        Updates(Window - 1, gradient: 0);
        Updates(1);
        Updates(Window - 1, gradient: 0);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Updates(1, gradient: 0);
        Assert.Equal(AgentState.Dead, _tracker.State);
        Assert.Equal(2 + Window, _tracker.Outcomes.GradientDeath);
        Updates(1);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Assert.Equal(2 + Window, _tracker.Outcomes.GradientDeath);
    }

    [Theory]
    [InlineData(0.99e-12, true)]
    [InlineData(1.01e-12, false)]
    public void A_gradient_has_vanished_below_1e_12_of_the_largest_so_far(double share, bool dead)
    {
        Updates(1, gradient: 2);
        Updates(1, gradient: 500);
        Updates(1, gradient: 3);
        Updates(Window, gradient: share * 500);

        Assert.Equal(dead ? AgentState.Dead : AgentState.Learning, _tracker.State);
        Assert.Equal(dead ? 5 : 0, _tracker.Outcomes.GradientDeath);
    }

    [Fact]
    public void The_first_gradient_has_not_vanished_however_small_it_is()
    {
        Updates(Window, gradient: 1e-300);

        Assert.Equal(AgentState.Learning, _tracker.State);
    }

    [Fact]
    public void One_still_update_is_the_references_stop_and_a_window_of_them_is_a_freeze()
    {
        Updates(2);
        Updates(1, frozen: true);
        Assert.Equal(new AgentOutcomes(ReferenceStop: 4, 0, 0, 0), _tracker.Outcomes);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Updates(1);
        Updates(Window - 1, frozen: true);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Updates(1, frozen: true);
        Assert.Equal(AgentState.Frozen, _tracker.State);
        Assert.Equal(new AgentOutcomes(ReferenceStop: 4, 0, 0, Freeze: 6), _tracker.Outcomes);

        Updates(1);
        Assert.Equal(AgentState.Learning, _tracker.State);
        Assert.Equal(new AgentOutcomes(ReferenceStop: 4, 0, 0, Freeze: 6), _tracker.Outcomes);
    }

    [Fact]
    public void Of_several_states_frozen_comes_first_then_dead_then_saturated()
    {
        Updates(Window, gradient: 0, saturation: 1, frozen: true);
        Assert.Equal(AgentState.Frozen, _tracker.State);
        Updates(1, gradient: 0, saturation: 1);
        Assert.Equal(AgentState.Dead, _tracker.State);
        Updates(1, saturation: 1);
        Assert.Equal(AgentState.Saturated, _tracker.State);
        Assert.Equal(new AgentOutcomes(2, 2, 2, 2), _tracker.Outcomes);
    }

    // The first update comes after episode 2.
    private void Updates(int count, double gradient = 1, double saturation = 0.1, bool frozen = false)
    {
        for (var i = 0; i < count; i++)
            _tracker.Update(++_episode, gradient, saturation, frozen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    public void One_that_was_saved_goes_on_as_the_one_that_was_not(int saved)
    {
        var (through, before, after) = (new LearningTracker(3), new LearningTracker(3), new LearningTracker(3));
        for (var episode = 1; episode <= 20; episode++)
        {
            if (episode == saved + 1)
            {
                var writer = new StateWriter();
                before.Save(writer);
                var reader = new StateReader(writer.ToArray());
                after.Load(reader);
                Assert.True(reader.AtEnd);
            }

            var own = episode <= saved ? before : after;
            var (norm, ratio, frozen) = (episode is > 6 and < 14 ? 1e-20 : 5.0 / episode, episode % 5 / 4.0, episode is > 5 and < 11 or > 16);
            through.Update(episode, norm, ratio, frozen);
            own.Update(episode, norm, ratio, frozen);
            Assert.Equal(through.State, own.State);
            Assert.Equal(through.Outcomes, own.Outcomes);
        }

        Assert.True(through.Outcomes is { ReferenceStop: > 0, SaturationOnset: > 0, GradientDeath: > 0, Freeze: > 0 });
    }
}
