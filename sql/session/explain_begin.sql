-- Nothing that is planned here may write, whatever functions the planner calls.
BEGIN READ ONLY
